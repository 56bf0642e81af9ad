"""From a manifest to tensors: splits, pictures, augmentation, data sets, batches, and the authors' release."""
