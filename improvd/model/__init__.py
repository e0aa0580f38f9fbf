"""The model as the daemon plays it: tokens, the LSTM in numpy, sampling, bundles."""
