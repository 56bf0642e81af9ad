"""What people wouldn't notice: the JND model, the threshold that it gives, and the filter by it (eq. 2 and 3)."""
