-- Who gets which arm, as `src/model/assign.ts` has it: all integers, so that both say the same. Neither is ever
-- changed: units would change their arms.

-- MurmurHash3 x86 32-bit, seed 0, in [0, 2^32). Its factors above 2^31 are written less 2^32, which is the same to 32
-- bits: so no product leaves 64.
create function sluice_murmur3(data bytea) returns bigint
language plpgsql immutable parallel safe strict as $$
declare
  size constant int := length(data);
  hash bigint := 0;
  block bigint;
begin
  for at in 0 .. size - 4 by 4 loop
    block := ((get_byte(data, at) | (get_byte(data, at + 1) << 8) | (get_byte(data, at + 2) << 16)
      | (get_byte(data, at + 3)::bigint << 24)) * -862048943) & 4294967295;
    hash := hash # (((((block << 15) | (block >> 17)) & 4294967295) * 461845907) & 4294967295);
    hash := ((((hash << 13) | (hash >> 19)) & 4294967295) * 5 + 3864292196) & 4294967295;
  end loop;
  if size % 4 > 0 then
    block := 0;
    for at in reverse size - 1 .. size - size % 4 loop
      block := (block << 8) | get_byte(data, at);
    end loop;
    block := (block * -862048943) & 4294967295;
    hash := hash # (((((block << 15) | (block >> 17)) & 4294967295) * 461845907) & 4294967295);
  end if;
  hash := hash # size;
  hash := ((hash # (hash >> 16)) * -2048144789) & 4294967295;
  hash := ((hash # (hash >> 13)) * -1028477387) & 4294967295;
  return hash # (hash >> 16);
end $$;

-- The unit's arm by its index, from 0; null outside the share. Each arm ends at its bound; the last at 2^32.
create function sluice_assign(
  unit text, share_salt text, share_from bigint, share_to bigint, arm_salt text, arm_bounds bigint[]
) returns int
language plpgsql immutable parallel safe strict as $$
declare
  place constant bigint := sluice_murmur3(convert_to(share_salt || '.share:' || unit, 'UTF8'));
begin
  if place < share_from or place >= share_to then
    return null;
  end if;
  return width_bucket(sluice_murmur3(convert_to(arm_salt || '.arm:' || unit, 'UTF8')), arm_bounds);
end $$;
