"""The paper's training objectives, as pure functions of what the network puts out and of the labels."""
