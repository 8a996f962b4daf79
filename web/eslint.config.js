import { defineConfig } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import tseslint from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const TYPED = ["**/*.ts", "**/*.svelte"];

export default defineConfig(
  { ignores: ["node_modules/", "src/api/generated.ts"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: TYPED,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  },
  svelte.configs.recommended,
  {
    files: TYPED,
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      "max-lines": ["error", { max: 250 }],
      "max-params": ["error", { max: 5 }],
      "max-statements": ["error", { max: 30 }],
      complexity: ["error", { max: 8 }],
      eqeqeq: "error",
      "no-console": "error",
      "no-warning-comments": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // State is replaced, never changed in place ($state.raw): a plain Set or Date is a value.
      "svelte/prefer-svelte-reactivity": "off",
      // A number in a sentence reads as it is meant to.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } },
  },
  // A describe block is a list of sentences, not a function that does one thing.
  { files: ["tests/**"], rules: { "max-statements": "off" } },
);
