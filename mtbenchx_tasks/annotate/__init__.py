"""Human evaluation: people compare two models' answers in a browser, as in the paper's section 6 and figure 7."""
