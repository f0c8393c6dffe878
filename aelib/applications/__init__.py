"""What autoencoders are used for: compression, anomaly detection, text, summaries and binary codes.

Each module is imported by its own name, since some of them need a library that the others do not.
"""
