"""Laws of the loss and of hyper-parameters: their forms, fits to runs, and what a fit is worth. They know no kind."""
