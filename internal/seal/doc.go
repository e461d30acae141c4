// Package seal encrypts small values for a store that others may read: each
// value opens only for the purpose, the id and the revision it was sealed for,
// and only with a key that is kept elsewhere.
//
// It owns the format of a sealed value ([Sealer.Seal]), the derivation of keys,
// and when keys are read again. Where keys are kept and how they are rotated is
// for [Keys] to know. It does not hide how long a value is, and does not notice
// when an old sealed value is put back under its own label: whoever stores
// values compares revisions.
//
// Cryptography: AES-256-GCM (NIST SP 800-38D) with random nonces, under a key
// that HKDF with SHA-256 (RFC 5869) derives from the text of a key secret for
// one purpose and id. A key therefore seals the revisions of one id only, far
// below the 2^32 values that random nonces allow.
package seal
