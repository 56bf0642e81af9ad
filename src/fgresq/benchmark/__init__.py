"""Every metric on every data set: scores kept in a store, tables made from it, the paper's own figures beside them."""
