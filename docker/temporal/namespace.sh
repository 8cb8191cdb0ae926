#!/bin/sh
# Creates the namespace and our search attributes, or finds them there. Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

tries=0
until temporal operator cluster health; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 2
done

# A job is known, and its id refused a second time, as long as the namespace remembers it.
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# A new namespace is known to every part of the server some seconds later.
tries=0
until temporal operator search-attribute create \
  --name JobType --type Keyword \
  --name UserId --type Keyword \
  --name JobStatus --type Keyword \
  --name ReferenceMode --type Keyword \
  --name FailureCode --type Keyword \
  --name CallbackStatus --type Keyword; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 2
done
