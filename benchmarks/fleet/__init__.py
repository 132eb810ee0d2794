"""How fast many numbers of one deployment are claimed and released, against what Connect's throttle allows."""
