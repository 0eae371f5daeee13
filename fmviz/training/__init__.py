"""The only part that imports TensorFlow: it runs in workers."""
