"""Arrow: engine -> trajectory. States at checkpoints come in; what can be read, saved and traced back goes out."""
