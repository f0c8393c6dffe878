"""Functions that open a figure, one through the other."""

import matplotlib.pyplot as plt


def plot():
    return plt.figure()


def plot_images():
    return plot()
