"""SDXL: text to image, image to image, and reference pictures by IP-Adapter."""

from .family import Sdxl

__all__ = ["Sdxl"]
