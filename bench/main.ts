/**
 * `pnpm bench`: what turnout costs and saves, measured.
 *
 *     pnpm bench                      about eight minutes: turnout compared with the upstream directly and with bare proxies
 *     pnpm bench sessions             about four minutes: what sessions save, and what they hold
 *     pnpm bench soak --minutes 10    random faults for so long, and whether any answer is lost, doubled or wrong
 *
 *     --quick     rougher and faster (not for soak)
 *     --profile   CPU profiles of the routers in bench/results as well (not for sessions and soak)
 *     --seed 1    of the random faults of soak
 *
 * See bench/README.md for how to read it.
 */
import { parseArgs } from "node:util";
import { benchCosts } from "./costs.ts";
import { benchSessions } from "./sessions/bench-sessions.ts";
import { benchSoak } from "./soak/bench-soak.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});

const progress = (line: string) => console.error(line);
const [subject = "costs"] = positionals;
if (subject === "costs") {
  await benchCosts({ isQuick: values.quick, makesProfiles: values.profile, progress });
} else if (subject === "sessions") {
  await benchSessions({ isQuick: values.quick, progress });
} else if (subject === "soak") {
  await benchSoak({ minutes: Number(values.minutes), seed: Number(values.seed), progress });
} else {
  throw new Error(`Cannot measure "${subject}": there are costs, sessions and soak`);
}
