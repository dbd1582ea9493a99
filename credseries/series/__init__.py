"""Recipes, order, commits: from rewrites to a branch."""
