"""Others are told what happens to leads: outgoing webhooks, as Standard Webhooks 1.0 signs them."""
