"""The edge of `improvd train`: from files to a bundle, with Keras."""
