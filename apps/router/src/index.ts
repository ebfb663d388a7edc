export { type Config, createConfigSchema } from "./config/config-schema.ts";
export { builtInPlugins } from "./plugins.ts";
export { createRouter, type RouterOptions } from "./router.ts";
export { type RunningRouter, startRouter, type StartOptions } from "./server/start-router.ts";
