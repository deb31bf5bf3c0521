"""Training with PyTorch: the course's own rules as a `torch.optim.Optimizer`."""
