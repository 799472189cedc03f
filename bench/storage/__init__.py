"""Deep Compression's table made again on pictures that come with scikit-learn: accuracy and bits after every step."""
