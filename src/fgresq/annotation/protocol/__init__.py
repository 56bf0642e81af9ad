"""Who judges which pair, when and on which side, and what the votes decide; pure, derived from seed and person."""
