package secretstore_test

func motoDeviates(key string) bool { return key == "put-on-deleted" }
