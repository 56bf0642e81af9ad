"""Quality metrics: each judges an image, alone or against its reference."""
