export default {
  files: ["dist/test/browser/**/*.test.js"],
  require: ["./dist/test/support/scratch.js"],
  timeout: "4m",
  // Each file drives a browser of its own.
  concurrency: 2,
};
