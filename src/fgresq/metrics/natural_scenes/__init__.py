"""What NIQE, BRISQUE and PIQE share: normalised contrast, and the distributions that fit it in natural scenes."""
