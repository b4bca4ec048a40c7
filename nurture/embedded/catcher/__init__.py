"""The mail catcher: takes every mail as an SMTP server would, keeps it, delivers it to nobody, shows it."""
