"""`improvd eval`: how well models foresee music and answer it, beside baselines. Loads no TensorFlow."""
