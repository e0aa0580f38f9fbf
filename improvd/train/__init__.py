"""`improvd train`: from music files to a bundle. Importing this loads neither TensorFlow nor symusic."""
