document.title = "kreel";
export {};
