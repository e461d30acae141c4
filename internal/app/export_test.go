package app

// Dial is what a sweep dials with.
var Dial = (*App).dial
