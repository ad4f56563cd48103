"""The paper's statements, judged by what is measured."""
