/** A key, on the control that it presses; whoever is read to hears it by the control's `aria-keyshortcuts`. */
export const Hotkey = ({ name }: { readonly name: string }) => (
  <span className="hotkey" aria-hidden="true">
    {name}
  </span>
);
