// Uses tokens.mjs, as it stands in the README, and prints what it got: of tokens
// the SHA-256, of errors what they say.
import { createHash } from "node:crypto";
import { NoToken, fromFunction, fromSecret } from "./tokens.mjs";

const [name, client, merchant] = process.argv.slice(2);
const show = (step, token) => console.log(step, createHash("sha256").update(token).digest("hex"));

show("secret", await fromSecret("pos"));
show("secret-again", await fromSecret("pos"));
show("secret-bound", await fromSecret("pos", "DK12345678"));
const first = await fromFunction(name, client, merchant);
show("function", first);
show("function-again", await fromFunction(name, client, merchant));
show("function-rejected", await fromFunction(name, client, merchant, first));
show("function-unbound", await fromFunction(name, "pos"));
for (let time = 0; time < 2; time++) {
  await fromSecret("aged");
  await fromFunction(name, "aged");
}
const aged = await fromFunction(name, "dying");
show("dying", await fromFunction(name, "dying"));
await fromFunction(name, "dying", undefined, aged).then(
  (token) => show("dying-rejected", token),
  (error) => console.log("dying-rejected", error.message),
);
await Promise.all(Array.from({ length: 20 }, async () => show("crowd", await fromFunction(name, "crowd"))));
for (const [step, unknown] of [["none", "nobody"], ["failed", ""]]) {
  try {
    show(step, await fromFunction(name, unknown));
  } catch (error) {
    console.log(step, error instanceof NoToken ? `NoToken ${error.code}` : error.message);
  }
}
