// Package page is what a merchant sees of a consent: one self-contained HTML
// document for every way that it can end, in English, Danish and Finnish.
//
// It owns the words, their layout and the Content-Security-Policy that fits
// them. It leaves which page is shown, its status and all other headers to
// consent. A page runs no script, loads nothing, sends no form, and repeats
// nothing of the request: what varies is a reference for support and a link to
// the return address, both from consent and both checked once more here.
package page
