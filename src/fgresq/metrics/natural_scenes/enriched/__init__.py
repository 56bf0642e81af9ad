"""What IL-NIQE looks at beyond NIQE: colours, gradients and log-Gabor responses, and its model of pristine blocks."""
