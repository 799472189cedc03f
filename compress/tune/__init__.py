"""A trained network is trained on while it is pruned and shared: back-propagation, masks that stay, centroids that move."""
