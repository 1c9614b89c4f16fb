"""A trained model as one ONNX file: written and checked by `run`, opened by `engine`."""
