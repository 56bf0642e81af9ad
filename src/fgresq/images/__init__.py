"""From files and arrays to RGB pixels: finding, decoding, checking, resizing."""
