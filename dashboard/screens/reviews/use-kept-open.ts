/** Whether something is open: at first, and then as it was left at the last item. */
import { useState } from 'react';

export function useKeptOpen(what: string): readonly [boolean, (isOpen: boolean) => void] {
  const key = `sluice-review-open ${what}`;
  const [isOpen, setOpen] = useState(() => sessionStorage.getItem(key) !== 'closed');
  const keep = (open: boolean) => {
    sessionStorage.setItem(key, open ? 'open' : 'closed');
    setOpen(open);
  };
  return [isOpen, keep];
}
