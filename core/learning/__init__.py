"""What people correct is learnt from: heads over the rules, and how good judgements are."""
