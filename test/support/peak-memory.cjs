// Loaded before a program: writes its peak memory in KiB to the file in PEAK_MEMORY_FILE when it exits.
const { writeFileSync } = require('node:fs');

process.on('exit', () => writeFileSync(process.env.PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS)));
