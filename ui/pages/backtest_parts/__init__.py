"""Parts of a backtest on screen."""
