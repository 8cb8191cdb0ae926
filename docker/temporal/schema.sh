#!/bin/sh
# Creates or updates Temporal's two databases. Address and account come as SQL_* variables, which temporal-sql-tool reads.
set -eu
schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

prepare() {
  temporal-sql-tool --database "$1" create-database
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-dir "$schemas/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
