"""FGResQ: two image encoders, a prompt that carries the degradation, a score head and a comparison head."""
