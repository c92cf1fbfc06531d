package social

// On names the item, by its kind and id, that a comment, reaction or bookmark is on.
func On(kind, id string) target { return target{kind, id} }
