//! A history as the bytes of a file.
