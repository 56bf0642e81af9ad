"""Networks made elsewhere whose maps metrics and encoders read."""
